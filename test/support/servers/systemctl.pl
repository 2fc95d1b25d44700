#!/usr/bin/perl
# Stands in for systemctl(1) where no systemd runs. It knows one thing:
#
#   systemctl restart UNIT...
#
# starts what ExecStart= of the installed unit says, as User= and Group= say, with the sockets that Sockets= names, and
# returns when the service is up in the sense of its Type=. What it started is in DIRECTORY, which is $STAND_IN_DIRECTORY:
# NAME.pid and NAME.log.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use POSIX qw(dup2 setsid WNOHANG);
use Socket qw(SOCK_DGRAM);

my $directory = $ENV{STAND_IN_DIRECTORY} // die "STAND_IN_DIRECTORY is not set\n";
my ($verb, @names) = @ARGV;
die "this stand-in for systemctl knows `restart UNIT` alone\n" unless ($verb // '') eq 'restart' && @names;
$^F = 9;    # what is passed on must survive exec
restart($_ =~ s/\.service$//r) for @names;

# Reads a unit file: key => its values in order.
sub unit {
    my ($name) = @_;
    open my $file, '<', "/usr/lib/systemd/system/$name" or die "Unit $name not found: $!\n";
    my %values;
    while (<$file>) { push @{ $values{$1} }, $2 if /^([A-Za-z]+)=(.*)$/ }
    return \%values;
}

sub only { my ($unit, $key, $default) = @_; return $unit->{$key} ? $unit->{$key}[-1] : $default }

sub restart {
    my ($name) = @_;
    # Debian's postfix.service only bundles the instances of postfix@.service; the first is called `-`.
    my $unit = -e "/usr/lib/systemd/system/$name\@.service" ? unit("$name\@.service") : unit("$name.service");
    my $type = only($unit, 'Type', 'simple');
    stop($name, $unit);
    command($_) for @{ $unit->{ExecStartPre} // [] };
    return keep($name, command(only($unit, 'ExecStart'))) if $type eq 'forking' || $type eq 'oneshot';
    my $notify = "$directory/$name.notify";
    unlink $notify;
    my $notifications = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $notify) or die "notify: $!";
    chmod 0777, $notify;
    my @sockets = map { listening(unit($_)) } map { split } @{ $unit->{Sockets} // [] };
    my $pid = fork() // die "fork: $!";
    become($name, $unit, $notify, @sockets) unless $pid;
    keep($name, $pid);
    await($name, $pid, $notifications) if $type eq 'notify';
}

sub stop {
    my ($name, $unit) = @_;
    open my $file, '<', "$directory/$name.pid" or return;
    chomp(my $pid = <$file>);
    if   ($pid) { kill 'TERM', $pid; select undef, undef, undef, 0.05 while kill 0, $pid }
    else        { command($_) for @{ $unit->{ExecStop} // [] } }
}

sub keep {
    my ($name, $pid) = @_;
    open my $file, '>', "$directory/$name.pid" or die "$name.pid: $!";
    print $file "$pid\n";
}

# Runs a command of a unit to its end.
sub command {
    my ($line) = @_;
    system(split ' ', $line =~ s/%i/-/gr) == 0 or die "$line failed\n";
    return 0;
}

sub listening {
    my ($unit) = @_;
    my ($user, $group) = (only($unit, 'SocketUser', 'root'), only($unit, 'SocketGroup', 'root'));
    my $path = only($unit, 'ListenStream');
    unlink $path;
    my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 1024) or die "$path: $!";
    my ($uid, $gid) = (scalar getpwnam $user, scalar getgrnam $group);
    die "no account $user or no group $group\n" unless defined $uid && defined $gid;
    chown $uid, $gid, $path or die "chown $path: $!";
    chmod oct only($unit, 'SocketMode', '0666'), $path or die "chmod $path: $!";
    return $socket;
}

# Becomes the service: never returns.
sub become {
    my ($name, $unit, $notify, @sockets) = @_;
    setsid();
    open STDIN, '<', '/dev/null' or die;
    open STDOUT, '>>', "$directory/$name.log" or die "$name.log: $!";
    open STDERR, '>&', \*STDOUT or die;
    dup2(fileno $sockets[$_], 3 + $_) // die "dup2: $!" for 0 .. $#sockets;
    @ENV{qw(LISTEN_PID LISTEN_FDS)} = ($$, scalar @sockets) if @sockets;
    $ENV{NOTIFY_SOCKET} = $notify;
    for (@{ $unit->{Environment} // [] }) { $ENV{$1} = $2 if /^(\w+)=(.*)$/ }
    umask oct only($unit, 'UMask', '0022');
    chdir '/';
    my $gid = getgrnam only($unit, 'Group', 'root');
    my $uid = getpwnam only($unit, 'User', 'root');
    $( = $gid;
    $) = "$gid $gid";
    ($<, $>) = ($uid, $uid);
    die "still root\n" if $uid && ($< == 0 || $> == 0);
    exec split ' ', only($unit, 'ExecStart') or die "exec: $!";
}

sub await {
    my ($name, $pid, $notifications) = @_;
    my $select = IO::Select->new($notifications);
    for (1 .. 600) {
        if ($select->can_read(0.05)) {
            $notifications->recv(my $text, 4096);
            return if $text =~ /^READY=1$/m;
        }
        next unless waitpid($pid, WNOHANG) == $pid;
        system 'cat', "$directory/$name.log";
        die "Job for $name.service failed because the control process exited with error code.\n";
    }
    die "$name.service does not say READY=1\n";
}
