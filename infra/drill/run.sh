#!/bin/bash
# Runs the real docker-compose.yml on podman with the images of build.sh, and writes what it saw: every service healthy,
# 100,000 events through the documented commands, the tour of the README, Gold proven, keys of the object store held to their rights, the driver
# and Trino killed and back; with MINUTES, that long of RATE events a second (5000), timed from the producer to Trino;
# memory as the control groups counted it. With ADLAKE_CATALOG_TYPE=rest all that on the profile `rest`, whose catalog is
# killed, too. STATUS names a file for what `adlake status` said of it. Ends with everything removed.
# Needs root, podman, docker-compose 1.29 and the images, and docker's client for `adlake status`.
# Usage: [ADLAKE_CATALOG_TYPE=rest] [MINUTES=10] [RATE=5000] [STATUS=FILE] run.sh [REPORT]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
report=${1:-/dev/stdout}
minutes=${MINUTES:-0} rate=${RATE:-5000}
python=${PYTHON:-$repo/.venv/bin/python}
scratch=$(mktemp -d)
status=$(realpath "${STATUS:-$scratch/status}") title="the container form"
cd "$repo" || exit 1
export DOCKER_HOST=unix://$scratch/podman.sock ADLAKE_GENERATOR_HISTORY=1h ADLAKE_GENERATOR_HISTORY_EVENTS=20000
export ADLAKE_GENERATOR_RATE=200
services="lakehouse-spark trino generator dashboard api prometheus alertmanager"
if [ "${ADLAKE_CATALOG_TYPE:-jdbc}" = rest ]; then
  export ADLAKE_CATALOG_TYPE COMPOSE_PROFILES=rest
  services="$services rest-catalog" title="$title with a REST catalog"
fi
failed=0

say() { echo "$*" >> "$report"; echo "$*" >&2; }
tried() { # WHAT COMMAND...
  local what=$1 began=$SECONDS; shift
  if "$@" > "$scratch/out" 2>&1; then say "- ok: $what ($((SECONDS - began)) s)"
  else
    failed=1
    say "- FAILED: $what ($((SECONDS - began)) s): $(tail -n 3 "$scratch/out" | tr '\n' ' ')"
    cat "$scratch/out" >&2
  fi
}
inside() { podman exec lakehouse-spark "$@"; }
healthy() { [ "$(podman inspect "$1" --format '{{.State.Health.Status}}')" = healthy ]; }
all_healthy() {
  for _ in $(seq 150); do
    local waiting=0
    for name in $services kafka postgres object-store; do
      [ "$name" = lakehouse-spark ] || name=adlake_${name}_1
      healthy "$name" || waiting=1
    done
    [ $waiting = 0 ] && return
    sleep 2
  done
  podman ps --all --format '{{.Names}} {{.Status}}'
  return 1
}
started_again() { # CONTAINER PROGRAM: kills it from outside, as the kernel would
  local before pid; before=$(podman inspect "$1" --format '{{.State.StartedAt}}')
  pid=$(podman top "$1" hpid comm | awk -v program="$2" '$2 ~ program {print $1; exit}')
  kill -9 "$pid" || return 1
  for _ in $(seq 60); do
    [ "$(podman inspect "$1" --format '{{.State.StartedAt}}')" != "$before" ] && break
    sleep 1
  done
  all_healthy
}
shows_itself() { # as people see it, for a picture
  "$python" -I -X utf8 src/adlake/cli/__main__.py status --runtime docker > "$status"
}
listed_by_rest() { # the tables are the REST catalog's, and Postgres lists none
  [ "$(curl --fail --silent http://127.0.0.1:8181/v1/namespaces/gold/tables | grep -c ad_performance_state)" = 1 ] || return 1
  local listed; listed=$(podman exec adlake_postgres_1 bash -c \
    'PGPASSWORD=$POSTGRES_PASSWORD psql -At -h 127.0.0.1 -U postgres lakehouse -c "SELECT count(*) FROM iceberg_tables"')
  echo "Postgres lists $listed tables"
  [ "$listed" = 0 ]
}
keeps_its_secret() { # neither its log nor its arguments show the key
  local secret; secret=$(sed -n 's/^LAKEHOUSE_STORE_REST_SECRET=//p' .env)
  [ -n "$secret" ] && ! podman logs adlake_rest-catalog_1 2>&1 | grep -q "$secret" \
    && ! podman top adlake_rest-catalog_1 args | grep -q "$secret"
}
stops_on_another_catalog() {
  ADLAKE_CATALOG_TYPE=jdbc docker-compose up --detach --no-build --no-deps lakehouse-spark || return 1
  for _ in $(seq 60); do
    podman logs --tail 200 lakehouse-spark > "$scratch/said" 2>&1
    grep "is gone; .* were recorded" "$scratch/said" && return
    sleep 2
  done
  tail -n 3 "$scratch/said"
  return 1
}
follows() {
  python3 "$here/follow.py" > "$scratch/follow" 2>&1
  cat "$scratch/follow"
  grep -q "the stream runs already: .* holds its lease since" "$scratch/follow" \
    && grep -q "batch [0-9]*: [0-9,]* records" "$scratch/follow" && grep -q "^exit 0$" "$scratch/follow"
}
attributed() { # what posted.py sent; its words are those of `adlake explain`
  inside adlake explain posted-by-the-drill --json > "$scratch/explained" && grep -q '"ATTRIBUTED"' "$scratch/explained"
}
sent() { # how many ad events the broker has
  inside adlake producers --json | "$python" -c 'import json, sys; print(sum(
    one["broker_offsets"] for one in json.load(sys.stdin)["lines"]
    if one["topic"] == "ad_events" and one["partition"] is None))'
}
together=/sys/fs/cgroup/memory/libpod_parent/memory.max_usage_in_bytes
loaded() { # the generator's own container at another rate, and nothing else made again
  ADLAKE_GENERATOR_RATE=$rate docker-compose up --detach --no-build --no-deps generator || return 1
  sleep 20 # until it sends
  local before began events seconds kept_up=0; before=$(sent) began=$SECONDS
  echo 0 > "$together"
  "$python" "$here/canaries.py" "$minutes" > "$scratch/canaries" || kept_up=1
  events=$(($(sent) - before)) seconds=$((SECONDS - began))
  { cat "$scratch/canaries"
    echo "$events records of ads in $seconds s: $((events / seconds)) a second, repeated ones included"
    echo "all containers together held at most $(($(cat "$together") >> 20)) MiB"; } | tee "$scratch/load"
  [ $((events / seconds)) -ge $((rate * 98 / 100)) ] && return $kept_up
}
peaks() {
  for container in $(podman ps --quiet); do
    local name limit used
    name=$(podman inspect "$container" --format '{{.Name}}')
    used=$(cat "/sys/fs/cgroup/memory/libpod_parent/libpod-$(podman inspect "$container" --format '{{.Id}}')/memory.max_usage_in_bytes")
    limit=$(podman inspect "$container" --format '{{.HostConfig.Memory}}')
    say "| $name | $((used >> 20)) | $((limit >> 20)) | $(podman inspect "$container" --format '{{.RestartCount}}') |"
  done
}
finish() {
  docker-compose down --volumes > "$scratch/out" 2>&1 && say "- ok: down, volumes removed"
  kill "$(cat "$scratch/checks.pid")" "$(cat "$scratch/service.pid")" 2> /dev/null
  rm -rf "$scratch"
}
trap finish EXIT

python3 -I tools/container_secrets.py
podman system service --time=0 "$DOCKER_HOST" > "$scratch/service.log" 2>&1 & echo $! > "$scratch/service.pid"
"$here/healthchecks.sh" & echo $! > "$scratch/checks.pid"
sleep 2
say "# Drill of $title, $(date -u +%F)"
say "podman $(podman --version | cut -d' ' -f3), docker-compose $(docker-compose version --short), $(nproc) processors."
# shellcheck disable=SC2086 - they are words
tried "docker-compose up" docker-compose up --detach --no-build $services
tried "every service is healthy" all_healthy
tried "adlake status: all of it is fine" shows_itself
tried "the documented generator: 100,000 events with every fault" \
  inside python src/producers/ad_traffic_generator.py --events 100000 --unpaced --faults all
tried "events posted to the API: three taken, one refused" "$python" -I "$here/posted.py"
tried "the documented job follows the running stream, Ctrl-C, exit 0" follows
tried "the driver's JVM is killed, the container starts again" started_again lakehouse-spark java
tried "Trino is killed, the container starts again" started_again adlake_trino_1 java
tried "the tour of the README, typed as it says for containers" "$python" "$here/tour.py"
if [ "${COMPOSE_PROFILES:-}" = rest ]; then
  tried "the REST catalog lists the tables, Postgres none" listed_by_rest
  tried "the REST catalog shows its key in no log and no argument" keeps_its_secret
  tried "the REST catalog is killed, the container starts again" started_again adlake_rest-catalog_1 java
fi
if [ "$minutes" != 0 ]; then
  tried "$minutes minutes of $rate events a second" loaded
  while read -r line; do say "  - $line"; done < "$scratch/load"
fi
tried "no more traffic" docker-compose stop generator
tried "every record is in Gold" inside adlake wait --timeout 300
tried "the posted conversion is attributed" attributed
tried "Gold is proven" inside adlake verify --quiet
say ""
say "| container | peak MiB | limit MiB | started again |"
say "| --- | --- | --- | --- |"
peaks
say ""
if [ "${COMPOSE_PROFILES:-}" = rest ]; then
  tried "a stream that is told another catalog stops by name" stops_on_another_catalog
fi
exit $failed
