#!/usr/bin/perl
# Says the lines of a mail log once more to a syslog socket, as syslog(3) does: one datagram each, facility mail, severity info,
# time and program, without the name of the host. Node has no datagram sockets of this kind.
#
#   to-syslog.pl SOCKET < mail.log
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);

my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ARGV[0]) or die "$ARGV[0]: $!\n";
while (my $line = <STDIN>) {
    chomp $line;
    $line =~ s/^(\w{3} [ \d]\d \d\d:\d\d:\d\d) \S+ /<22>$1 / or die "no line of a mail log: $line\n";
    defined $socket->send($line) or die "$ARGV[0]: $!\n";
}
