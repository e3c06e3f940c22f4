# Sourced by every finding: a temporary folder that goes at exit, pinned packages in it, and Python that sees them.
set -euo pipefail
export LC_ALL=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Makes a virtual environment with the packages named (NAME==VERSION), and prints their versions.
python_with() {
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --no-cache-dir "$@"
    echo "Python $("$work/venv/bin/python" -c 'import platform; print(platform.python_version())'): $*"
}

# Runs the Python on its standard input.
python() {
    PYTHONPATH="$here" WORK="$work" "$work/venv/bin/python" -W ignore - "$@"
}

# Fetches Debian packages (NAME or NAME=VERSION) and unpacks them into $work/root.
debian_with() {
    mkdir "$work/deb" "$work/root"
    chmod 755 "$work" "$work/deb"
    (cd "$work/deb" && apt-get download --quiet --quiet "$@" 2>"$work/apt.log") || {
        cat "$work/apt.log" >&2
        echo "run apt-get update, or the version has left Debian's archive: $*" >&2
        exit 2
    }
    for package in "$work"/deb/*.deb; do
        dpkg-deb --extract "$package" "$work/root"
    done
    echo "Debian $(. /etc/os-release && echo "$VERSION_ID"): $*"
}
