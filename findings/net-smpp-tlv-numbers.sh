#!/usr/bin/env bash
# Net::SMPP sends the TLV that you give by its number as an integer, whatever you give it.
#
# Guess: a TLV that the library has no name for is given by its tag, and its value goes out as the octets given; so it
# is for those given by name, whose values the program packs itself.
# Instead: a value behind a number is made an integer of one, two or four octets, by its size. Text, packed or not,
# becomes a zero octet, leading zeros go, and of a number of more than 32 bits the lowest 32 are left. What is received
# is kept as the octets that came, so the two directions don't agree.
# Why it matters: vendors' TLVs are the ones without a name. India's operators refuse messages without the sender's and
# the template's registered ids, up to nineteen digits as text in 0x1400 and 0x1401: none of them goes out right. Such
# a TLV has to be put into the library's own tables first.
. "$(dirname "$0")/lib/finding.sh"

debian_with libnet-smpp-perl=1.19-3

PERL5LIB="$work/root/usr/share/perl5" perl <<'PERL'
use strict;
use warnings;
use Net::SMPP;

my $changed = 0;

sub see {
    my ($what, $seen, $found) = @_;
    print "  $what: $seen\n";
    return if $seen eq $found;
    print "    changed: it was $found\n";
    $changed = 1;
}

# What an SMSC reads of the TLVs that Net::SMPP writes: the value's octets in hexadecimal.
sub written {
    local $SIG{__WARN__} = sub { };    # that text is no number
    my ($length, $value) = unpack 'x2 n a*', Net::SMPP::encode_optional_params(@_);
    return "$length: " . unpack 'H*', $value;
}

see('1101234567890123456', written(0x1400, '1101234567890123456'), '4: 4178bac0');
see('0012', written(0x1400, '0012'), '1: 0c');
see('ACME', written(0x1400, 'ACME'), '1: 00');
see('the packed octets 00000539', written(0x1400, pack('N', 1337)), '1: 00');
see('126, 127 and 128', join(', ', map { written(0x1400, $_) } 126, 127, 128), '1: 7e, 2: 007f, 2: 0080');
see('ACME, for the tag with the name operator_id', written(operator_id => 'ACME'), '4: 41434d45');
see('ACME, for the same tag as a number', written(0x1402, 'ACME'), '1: 00');

my %read = (data => pack('nna*', 0x1400, 4, 'ACME'));
{
    local $SIG{__WARN__} = sub { };    # that the tag is unknown
    Net::SMPP::decode_optional_params(\%read, 0);
}
see('ACME, received', $read{0x1400}, 'ACME');
exit $changed;
PERL
