# Stops the shared test servers when nobody has used them for a while.
#
# Arguments: the servers' directory, and for how many seconds they outlive the last user.
# A user is a process that holds a shared lock on the file `users`.
directory=$1
linger=$2

# One of these scripts is enough.
exec 9>"$directory/watcher"
flock --nonblock 9 || exit 0

# The servers' processes, known by their program and the directory they work in.
servers() {
    if [ ! -d /proc/self ]; then
        pgrep -f "(postgres|nats-server|initdb) .*$directory/(postgres|nats)/"
        return
    fi
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd") in
        "$directory"/postgres | "$directory"/postgres/* | "$directory"/nats) ;;
        *) continue ;;
        esac
        case $(cat "$process/comm") in
        postgres | initdb | nats-server) echo "${process#/proc/}" ;;
        esac
    done
}

exec 8>>"$directory/users"
while :; do
    # Waits for the last user, and lets new ones in while it lingers.
    flock 8
    flock --unlock 8
    sleep "$linger"
    flock --nonblock 8 && break
done

# New users wait for the lock until all is gone.
for signal in QUIT QUIT KILL KILL; do
    for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        pids=$(servers)
        [ -n "$pids" ] || break 2
        # shellcheck disable=SC2086 # one argument for each process
        [ "$tenth" -eq 1 ] && kill -s "$signal" $pids
        sleep 0.1
    done
done
rm -rf "$directory/postgres" "$directory/nats" "$directory/urls"
