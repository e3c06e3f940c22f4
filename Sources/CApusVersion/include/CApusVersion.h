#pragma once

/// The version of the programs and, after a +, the commit that they were built from, as Semantic Versioning has it:
/// 0.1.0+4641f3b1c2d3. It is 0.1.0+development in a build that nobody has stamped, since which commit that is of, and
/// whether anything was changed since, is not known then.
const char *apus_version(void);
