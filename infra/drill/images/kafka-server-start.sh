#!/bin/bash
# Stands in for the script of that name, which no package registry has.
exec java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS $KAFKA_LOG4J_OPTS $KAFKA_OPTS -cp '/opt/kafka/libs/*' kafka.Kafka "$@"
