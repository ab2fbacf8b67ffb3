#!/bin/sh
# Installs what Handoff cannot bring along: Postgres, nats-server, and a C compiler for the build.
# Says and does nothing when all of it is there. No server is started and no cluster is made.
set -eu

has() {
    command -v "$1" >/dev/null 2>&1
}

has_postgres() {
    for program in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres \
        /opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres; do
        [ -x "$program" ] && return
    done
    return 1
}

has_nats() {
    # Debian's package puts it where not everybody's PATH looks.
    has nats-server || [ -x /usr/sbin/nats-server ]
}

# Runs a command as root.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        echo "install-dependencies: run this as root, or install it yourself: $missing" >&2
        exit 1
    fi
}

# What the package tools must not do while they install, as files that are there only meanwhile.
no_cluster=/etc/postgresql-common/createcluster.d/handoff.conf
no_start=/usr/sbin/policy-rc.d
placed=

place() {
    if [ ! -e "$1" ]; then
        placed="$placed $1"
        as_root mkdir -p "${1%/*}"
        printf '%b' "$2" | as_root tee "$1" >/dev/null
        as_root chmod "$3" "$1"
    fi
}

remove_placed() {
    for file in $placed; do
        as_root rm -f "$file"
    done
}

install_with_apt() {
    echo "Installing with apt-get: $missing"
    trap remove_placed EXIT
    trap 'exit 1' HUP INT TERM
    has_postgres || place "$no_cluster" 'create_main_cluster = false\n' 644
    place "$no_start" '#!/bin/sh\nexit 101\n' 755
    as_root apt-get update -qq
    # Words on purpose: one argument for each package.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing
    # A server that listens on every address from the next boot on was not asked for.
    case " $missing " in
    *" nats-server "*)
        if has systemctl; then
            as_root systemctl disable --quiet nats-server
        fi
        ;;
    esac
}

missing=
if [ "$(uname -s)" = Darwin ]; then
    has_postgres || missing="$missing postgresql@17"
    has_nats || missing="$missing nats-server"
    has flock || missing="$missing flock"
    [ -n "$missing" ] || exit 0
    if ! has brew; then
        echo "install-dependencies: needs Homebrew (https://brew.sh) to install:$missing" >&2
        exit 1
    fi
    # shellcheck disable=SC2086
    brew install $missing
    exit
fi

has cc || missing="$missing gcc libc6-dev"
has_postgres || missing="$missing postgresql"
has_nats || missing="$missing nats-server"
has flock || missing="$missing util-linux"
missing=${missing# }
[ -n "$missing" ] || exit 0
if ! has apt-get; then
    echo "install-dependencies: knows apt-get (Debian, Ubuntu) and brew (macOS) only; install these yourself:" >&2
    echo "  Postgres 14 or newer (postgres, initdb), nats-server 2.9.10 or newer, a C compiler, flock" >&2
    exit 1
fi
install_with_apt
