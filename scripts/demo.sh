#!/bin/sh
# A day's work with Handoff at the command line, on a server of its own that is gone afterwards.
# Ends with an error as soon as anything is not as it should be. PROFILE=dev builds faster and runs slower.
set -eu
cd "$(dirname "$0")/.."

profile=${PROFILE:-release}
cargo build --locked --profile "$profile" --workspace --bins
case $profile in
    dev) PATH=$PWD/target/debug:$PATH ;;
    *) PATH=$PWD/target/$profile:$PATH ;;
esac

began=$(date +%s)
directory=$(mktemp -d)
# Postgres does not run as root; who it runs as has to get through here.
chmod 755 "$directory"
server=

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

clean_up() {
    status=$?
    trap - EXIT INT TERM
    stop_server
    if [ "$status" -ne 0 ] && [ -s "$directory/server.log" ]; then
        echo "The demo failed. The last lines of the server's log:" >&2
        tail -n 20 "$directory/server.log" >&2
    fi
    rm -rf "$directory"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    echo "demo: $*" >&2
    exit 1
}

title() {
    printf '\n== %s\n' "$*"
}

# Shows a command and runs it.
run() {
    printf '\n$'
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./=:,-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

# The number that follows a key in a line of JSON.
number() {
    sed -n "s/.*\"$1\":\\([0-9][0-9]*\\).*/\\1/p"
}

title "A server with its own Postgres and NATS, in $directory"
# Nothing of the caller's environment may lead elsewhere.
unset HANDOFF_SERVER HANDOFF_CONTEXT HANDOFF_TOKEN HANDOFF_TOKEN_FILE HANDOFF_CONFIG HANDOFF_DATABASE_URL HANDOFF_NATS_URL
export HANDOFF_DATA_DIR="$directory/data"
handoffd up --listen 127.0.0.1:0 --http-listen 127.0.0.1:0 >"$directory/server.log" 2>&1 &
server=$!
waited=0
until [ -s "$HANDOFF_DATA_DIR/client.json" ]; do
    kill -0 "$server" 2>/dev/null || fail "the server did not start"
    [ "$waited" -lt 600 ] || fail "the server was not ready after a minute"
    waited=$((waited + 1))
    sleep 0.1
done

title "The team, and its accounts with their people"
run handoff import members examples/members.csv
run handoff import accounts examples/accounts.csv
run handoff import contacts examples/contacts.csv
handoff import accounts examples/accounts.csv >"$directory/again"
grep -q '^created 0, unchanged 6, failed 0$' "$directory/again" || fail "importing accounts again changed something"

title "325 tasks on 60 accounts; importing them again changes nothing"
run handoff import tasks examples/customer-tasks.csv | tee "$directory/first"
grep -q '^created 325, unchanged 0, failed 0$' "$directory/first" || fail "not every row was imported"
run handoff import tasks examples/customer-tasks.csv | tee "$directory/second"
grep -q '^created 0, unchanged 325, failed 0$' "$directory/second" || fail "importing again changed something"

title "An account"
run handoff role assign lindenhof-kitchen success-manager emma-fischer
run handoff account log lindenhof-kitchen phone-call 'The new menu is wanted by Friday.' --at 'yesterday 15:00'
run handoff account question lindenhof-kitchen 'Can the terrace be on the title page?' --contact 'Mia Brandt'
run handoff account types lindenhof-kitchen review-response website-edit
run handoff task generate lindenhof-kitchen review-response review-4711 'Answer the review of Jo'
run handoff task generate lindenhof-kitchen social-post post-12 'Post the new menu' | tee "$directory/skipped"
grep -q '^No task: accounts/lindenhof-kitchen does not want' "$directory/skipped" || fail "a type that is not selected gave a task"
run handoff settings role add menu-editor 'Menu editor'
position=$(handoff role assign lindenhof-kitchen menu-editor carla-moreno --output json | number position)
run handoff account show lindenhof-kitchen --min-position "$position"
run handoff account workload --limit 5 --min-position "$position"

title "Work"
run handoff task create lindenhof-kitchen 'Print the menu for New Year' --due friday --assign ana-lima --id new-year-menu
created=$(handoff task complete new-year-menu --output json | number position)
run handoff task reopen new-year-menu --status in-progress
run handoff task assign new-year-menu bo-lindqvist carla-moreno
changed=$(handoff task complete new-year-menu --output json | number position)
run handoff task show new-year-menu --min-position "$changed"
run handoff task list --assignee bo-lindqvist --open --limit 8 --min-position "$changed"
run handoff account list --order-by 'open_task_count desc' --limit 5 --min-position "$changed"

title "An order: its tasks come tier by tier, and the client does their part"
run handoff import services examples/services.yaml | tee "$directory/services"
grep -q '^created 2, unchanged 0, failed 0$' "$directory/services" || fail "not every service was imported"
handoff import services examples/services.yaml >"$directory/again"
grep -q '^created 0, unchanged 2, failed 0$' "$directory/again" || fail "importing services again changed something"
run handoff order place lindenhof-kitchen seo --id spring --title 'Found in spring'
run handoff order check spring audit | tee "$directory/audited"
grep -q 'it waits for the client' "$directory/audited" || fail "the order does not wait for the client"
changed=$(handoff order note spring 'The brief is all that we need now.' --portal --output json | number position)

contact=$(handoff account contact list lindenhof-kitchen --output json | sed -n 's/.*"name":"\([^"]*\)".*"display_name":"Mia Brandt".*/\1/p')
[ -n "$contact" ] || fail "Mia Brandt is no contact"
# Her token, in a file of its own: the portal is for contacts, and for nobody else.
mia=$directory/mia
handoffd token "$contact" >"$mia"
printf 'Guests look for a table outside.\n' >"$directory/brief.txt"
run handoff portal order spring --min-position "$changed" --token-file "$mia" | tee "$directory/seen"
grep -q 'Fill in the brief' "$directory/seen" || fail "the client does not see the brief"
if grep -q 'Audit\|Write the report' "$directory/seen"; then fail "the client sees more than is theirs"; fi
run handoff portal upload orders/spring/tasks/brief "$directory/brief.txt" --token-file "$mia" | tee "$directory/uploaded"
document=$(sed -n 's/^\(documents[^ ]*\) is on .*/\1/p' "$directory/uploaded")
run handoff portal check spring brief --token-file "$mia"
changed=$(handoff order assign spring --add ana-lima --output json | number position)
run handoff order show spring --min-position "$changed"
run handoff document download "$document" --to "$directory/received.txt"
cmp "$directory/brief.txt" "$directory/received.txt" || fail "the document came back as another"
run handoff portal order spring --min-position "$changed" --token-file "$mia" | tee "$directory/seen"
grep -q 'Write the report' "$directory/seen" || fail "the client does not see the report, whose turn has come"
if handoff portal check spring report --token-file "$mia" 2>/dev/null; then fail "the client did the team's task"; fi

title "Why is it so, and how was it?"
run handoff history tasks/new-year-menu --min-position "$changed"
run handoff history tasks/new-year-menu --at "$created" | tee "$directory/then"
grep -q '^Assigned to  *ana-lima *$' "$directory/then" || fail "the task was not Ana's at position $created"
run handoff events tail -n 3

title "Nothing in the log was edited, and a read model can be made anew"
run handoff log verify
run handoff projections rebuild tasks
run handoff projections

title "The server stops"
kill "$server"
wait "$server" || fail "the server did not stop in order"
server=
echo "Done in $(($(date +%s) - began)) seconds."
