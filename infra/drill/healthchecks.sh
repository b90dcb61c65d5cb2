#!/bin/bash
# Runs the health checks of the project's containers: podman leaves that to systemd, which is not everywhere.
while true; do
  for container in $(podman ps --quiet --filter label=com.docker.compose.project=adlake); do
    podman healthcheck run "$container" > /dev/null 2>&1
  done
  sleep 2
done
