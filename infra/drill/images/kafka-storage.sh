#!/bin/bash
# Stands in for the script of that name, which no package registry has.
exec java -Xmx128m $KAFKA_OPTS -cp '/opt/kafka/libs/*' kafka.tools.StorageTool "$@"
