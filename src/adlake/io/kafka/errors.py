"""Says in one sentence that a broker refuses our login, our rights or our way of speaking.

And which faults lie in a record, so that trying again helps nothing.
"""

from __future__ import annotations

from kafka import errors

from adlake.io.kafka.access import PLAINTEXT, Brokers, KafkaAccess


def login_trouble(error: BaseException, brokers: Brokers) -> str | None:
    """The sentence for an error of kafka-python that is none of the network; None for others."""
    access = brokers if isinstance(brokers, KafkaAccess) else KafkaAccess(brokers)
    who = f"user {access.user!r} ({access.sasl_mechanism})" if access.has_sasl else "no user"
    if isinstance(error, errors.UnsupportedSaslMechanismError):
        return (
            f"Kafka at {access} does not offer {access.sasl_mechanism}: choose another "
            "ADLAKE_KAFKA_SASL_MECHANISM"
        )
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return (
            f"Kafka at {access} refuses the login of {who}: check ADLAKE_KAFKA_USER, "
            "ADLAKE_KAFKA_PASSWORD_FILE and ADLAKE_KAFKA_SASL_MECHANISM"
        )
    if isinstance(error, errors.AuthorizationError):
        return (
            f"Kafka at {access} does not allow that to {who} ({type(error).__name__}): its "
            "operator has to grant it (docs/runbook.md, servers elsewhere)"
        )
    is_silent = isinstance(error, errors.KafkaTimeoutError | errors.KafkaConnectionError)
    if is_silent and access.security_protocol != PLAINTEXT:
        certificate = ", and that ADLAKE_KAFKA_CA_FILE signs its certificate" * access.has_tls
        return (
            f"Kafka at {access} does not answer by {access.security_protocol} ({error}): check "
            f"that this is what its port speaks{certificate}"
        )
    return None


def is_too_large(error: BaseException) -> bool:
    """Whether the broker or its client will never take a record because of its size."""
    return isinstance(error, errors.MessageSizeTooLargeError | errors.RecordListTooLargeError)
