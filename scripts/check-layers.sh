#!/bin/sh
# Checks that no crate depends on one that comes after it.
# Tests may: only the dependencies of what is shipped count, and the package `handoff-tests` is free.
set -eu
cd "$(dirname "$0")/.."

# Each crate may use those before it, and here is the reason for each exception:
#   a client speaks the published API and nothing else;
#   the first crates stand alone, so that they can be read and tested alone.
order="domain embedded failpoints event-log commands documents bus projections read-models policies proto api server cli load testkit"
alone="domain embedded failpoints proto"
proto_only="cli load"

tree=$(cargo tree --quiet --workspace --no-dedupe --depth 1 --prefix depth --edges normal,build \
    --target all --all-features --format ' {p}')
printf '%s\n' "$tree" | awk -v order="$order" -v alone="$alone" -v proto_only="$proto_only" '
    function complain(reason) {
        print "check-layers: " user " must not use " used ": " reason
        failed = 1
    }
    BEGIN {
        count = split(order, crates)
        for (i = 1; i <= count; i++) place[crates[i]] = i
        count = split(alone, crates)
        for (i = 1; i <= count; i++) is_alone[crates[i]] = 1
        count = split(proto_only, crates)
        for (i = 1; i <= count; i++) is_client[crates[i]] = 1
    }
    $2 !~ /^handoff-/ { next }
    { used = substr($2, length("handoff-") + 1) }
    $1 == 0 {
        user = used
        seen++
        if (user != "tests" && !(user in place)) {
            print "check-layers: " user " has no place in the order"
            failed = 1
        }
        next
    }
    user == "tests" { next }
    used == "testkit" { complain("it is for tests only"); next }
    user in is_alone { complain("it stands alone"); next }
    user in is_client && used != "proto" { complain("a client uses the published API only"); next }
    !(used in place) || place[used] > place[user] { complain("it comes later in the order") }
    END {
        if (!seen) { print "check-layers: found no crates"; failed = 1 }
        exit failed
    }
'
