#!/usr/bin/perl
# Plays the part of systemd for a test: holds a listening socket, passes it to the daemon (sd_listen_fds(3)), starts the daemon
# again whenever it ends, and prints what the daemon notifies (sd_notify(3)), one line per assignment.
#
#   supervisor.pl ADDRESS NOTIFY_SOCKET WATCHDOG_USEC COMMAND...
#
# ADDRESS is a port of 127.0.0.1, HOST:PORT, [IPV6]:PORT or the path of a unix socket.
# SIGHUP ends the present daemon by SIGTERM, so that the next one is started; SIGTERM ends it for good.
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX qw(dup2 WNOHANG);
use Socket qw(SOCK_DGRAM SOCK_STREAM);

my ($address, $notify, $watchdog, @command) = @ARGV;
$^F = 9;    # what is passed on must survive exec
$| = 1;
my ($host, $port) = $address =~ /^\[?(.*?)\]?:?(\d+)$/;
my $listening = $address =~ m{^/}
    ? IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $address, Listen => 1024)
    : IO::Socket::IP->new(
        LocalHost => $host || '127.0.0.1', LocalPort => $port, Listen => 1024, ReuseAddr => 1, Proto => 'tcp', V6Only => 0
    );
die "listen: $@ $!" if !$listening;
my $notifications = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $notify) or die "notify: $!";
my ($daemon, $is_ending) = (0, 0);
$SIG{HUP}  = sub { kill 'TERM', $daemon };
$SIG{TERM} = sub { $is_ending = 1; kill 'TERM', $daemon };

sub start {
    $daemon = fork() // die "fork: $!";
    return if $daemon;
    $SIG{$_} = 'DEFAULT' for qw(HUP TERM);
    dup2(fileno($listening), 3) or die "dup2: $!";
    $ENV{LISTEN_PID} = $ENV{WATCHDOG_PID} = $$;
    $ENV{LISTEN_FDS} = 1;
    $ENV{LISTEN_FDNAMES} = 'supervised';
    $ENV{NOTIFY_SOCKET} = $notify;
    $ENV{WATCHDOG_USEC} = $watchdog;
    exec @command or die "exec: $!";
}

start();
my $select = IO::Select->new($notifications);
while (1) {
    if ($select->can_read(0.05)) {
        $notifications->recv(my $text, 4096);
        print map { "$daemon $_\n" } split /\n/, $text;
    }
    next unless waitpid($daemon, WNOHANG) == $daemon;
    print "$daemon exit ", $? >> 8, "\n";
    last if $is_ending;
    start();
}
