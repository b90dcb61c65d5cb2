#!/bin/bash
# A command of ours in a container of its own, beside the stream's, with its settings, volumes and limits: what
# `docker-compose run --rm --no-deps lakehouse-spark adlake ...` does. That of docker-compose 1.29 asks for a link to the
# running container, which podman refuses.
# Usage: beside.sh COMMAND...
set -euo pipefail
of() { podman inspect lakehouse-spark --format "$1"; }
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
of '{{range .Config.Env}}{{println .}}{{end}}' | sed '/^$/d' > "$settings"
podman run --rm --env-file "$settings" --volumes-from lakehouse-spark --read-only --tmpfs /tmp:mode=1777 --cap-drop all \
  --network "$(of '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}')" \
  --memory "$(of '{{.HostConfig.Memory}}')" "$(of '{{.ImageName}}')" adlake "$@"
