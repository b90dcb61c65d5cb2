"""Notifications: who is told what, how often it is tried, and what nobody may read in a log."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

MESSAGES = "tests/unit/alerts/test_messages.py"
NOTIFIER = "tests/unit/alerts/test_notifier.py"
CHANNELS = "tests/unit/io/test_notify.py"
SETTINGS = "tests/unit/settings/test_notifications.py"
DATABASE = "tests/integration/test_notifications.py"

NOTIFICATIONS: tuple[Mutation, ...] = (
    Mutation(
        "an opening is told in the numbers of its end", "adlake.alerts.messages:notices_of",
        '_time(row["opened_at"]), opening)',
        '_time(row["closed_at"] or row["opened_at"]), opening)',
        f"{MESSAGES}::test_an_opening_has_the_same_bytes_before_and_after_the_end",
    ),
    Mutation(
        "times are written as they came", "adlake.alerts.messages:_time",
        "value.astimezone(UTC)", "value",
        f"{MESSAGES}::test_an_opening_has_the_same_bytes_before_and_after_the_end",
    ),
    Mutation(
        "a name may begin a header of a mail", "adlake.alerts.messages:_shown",
        'one if one.isprintable() else "?"', "one",
        f"{MESSAGES}::test_a_name_that_an_event_made_up_stays_on_its_line_and_short",
    ),
    Mutation(
        "three empty windows are told as one", "adlake.alerts.messages:_silence",
        'if is_row else ""', 'if False else ""', f"{MESSAGES}::test_the_sentence_of_an_opening",
    ),
    Mutation(
        "a refusal is asked again", "adlake.io.notify.webhook:Webhook.tell",
        "may_pass_later=code >= SERVER_FAULT", "may_pass_later=True",
        f"{CHANNELS}::test_a_refusal_is_asked_once",
    ),
    Mutation(
        "an answer is waited for without end", "adlake.io.notify.webhook:Webhook._connection",
        "return HTTPConnection(host, port, timeout=self._timeout_seconds)",
        "return HTTPConnection(host, port)", f"{CHANNELS}::test_no_answer_in_time_comes_again",
    ),
    Mutation(
        "what was no answer is given up at once", "adlake.io.notify.webhook:Webhook.tell",
        's", may_pass_later=True)', 's", may_pass_later=False)',
        f"{CHANNELS}::test_no_answer_in_time_comes_again",
    ),
    Mutation(
        "a repetition cannot be known", "adlake.io.notify.webhook:Webhook.tell",
        '"Idempotency-Key": notice.key,', "",
        f"{CHANNELS}::test_a_fault_of_the_receiver_comes_again_with_the_same_key",
    ),
    Mutation(
        "each mail has another id", "adlake.io.notify.mail:Mail._message",
        "{notice.incident_id}.{notice.transition}@", "{id(message)}.{notice.transition}@",
        f"{CHANNELS}::test_mail_has_subject_text_and_an_id_that_stays",
    ),
    Mutation(
        "a campaign calls everybody in Slack", "adlake.io.notify.webhook:as_slack_text",
        '.replace("<", "&lt;")', "",
        f"{CHANNELS}::test_slack_gets_a_text_in_which_nothing_means_something_to_it",
    ),
    Mutation(
        "mail is handed in where the server does not encrypt",
        "adlake.io.notify.mail:Mail._hand_in",
        "if one.starttls:", "if one.starttls and server.has_extn('starttls'):",
        f"{CHANNELS}::test_nothing_is_said_in_the_clear_where_starttls_is_wanted",
    ),
    Mutation(
        "codes of mail mean what those of HTTP mean", "adlake.io.notify.mail:",
        "TRY_AGAIN: Final = range(400, 500)", "TRY_AGAIN: Final = range(500, 600)",
        f"{CHANNELS}::test_mail_that_the_server_may_take_later_comes_again",
    ),
    Mutation(
        "an error's own words are logged", "adlake.io.notify.webhook:Webhook.tell",
        'f"no answer ({type(error).__name__})"', 'f"no answer ({self._url.get_secret_value()})"',
        f"{CHANNELS}::test_neither_outcomes_nor_logs_hold_an_address_or_a_password",
    ),
    Mutation(
        "who ends the process waits for patience", "adlake.io.notify.channel:told",
        "| _Stopping(stopping)", "",
        f"{CHANNELS}::test_who_ends_the_process_does_not_wait_for_patience",
    ),
    Mutation(
        "what was sent is sent again", "adlake.alerts.courier:untold",
        "if not known.is_sent and not known.is_final:", "if not known.is_final or known.is_sent:",
        f"{NOTIFIER}::test_each_transition_is_told_once_whoever_looks_again",
    ),
    Mutation(
        "the topic is given up too", "adlake.alerts.courier:Courier._is_final",
        "self.channel.name not in TO_PROGRAMS and", "",
        f"{NOTIFIER}::test_the_topic_is_tried_until_it_works",
    ),
    Mutation(
        "people are told of what is old", "adlake.alerts.courier:untold",
        "notice.is_for(channel) and notice.at >= pending.fresh_since", "notice.is_for(channel)",
        f"{NOTIFIER}::test_people_are_not_told_first_of_what_is_old",
    ),
    Mutation(
        "what could not be written down is told again", "adlake.alerts.courier:Courier.deliver",
        "self._write_down(known)", "self._unlogged.clear()",
        f"{NOTIFIER}::test_what_could_not_be_written_down_is_not_told_again",
    ),
    Mutation(
        "a channel that is away is asked for each message", "adlake.alerts.courier:Courier.deliver",
        "failures == MOST_FAILURES or", "",
        f"{NOTIFIER}::test_a_channel_that_is_away_is_not_asked_for_each_message",
    ),
    Mutation(
        "a bad row hides the others", "adlake.alerts.notifier:Notifier._notices_of",
        "except (KeyError, TypeError, ValueError)", "except ZeroDivisionError",
        f"{NOTIFIER}::test_a_row_that_cannot_be_told_does_not_hide_the_others",
    ),
    Mutation(
        "an outage of the lake is told at each look", "adlake.alerts.notifier:Notifier._say",
        "if trouble and trouble != self._trouble:", "if trouble:",
        f"{NOTIFIER}::test_the_lake_is_asked_for_the_days_of_the_look_and_its_outage_is_told_once",
    ),
    Mutation(
        "failures are counted from the first on", "adlake.alerts.courier:Courier.start",
        "self.meters.add(NOTIFICATIONS_FAILED, 0, channel=self.channel.name)", "pass",
        f"{NOTIFIER}::test_what_was_sent_and_failed_is_counted_from_nought",
    ),
    Mutation(
        "a wrong address is shown", "adlake.wiring.notifications:_refuse_no_address",
        "{name} (hidden) is no", "{name} (hidden) {url.get_secret_value()} is no",
        f"{SETTINGS}::test_what_is_no_address_is_refused_unseen",
    ),
    Mutation(
        "everybody may send test messages", "adlake.api.routes.notifications:",
        "dependencies=[Depends(refuse_without_key)],", "",
        "tests/unit/api/test_notifications.py::test_it_wants_the_key_of_writers",
    ),
    Mutation(
        "a late failure overwrites what was sent", "sql/control/notifications/insert.sql",
        "WHERE known.state <> 'SENT'", "WHERE known.rounds > 0",
        f"{DATABASE}::test_what_was_sent_stays_sent",
    ),
    Mutation(
        "the lock of a channel is no lock", "sql/control/notifications/lock.sql",
        "pg_try_advisory_lock(:lock_class, hashtext(:channel))",
        "(:lock_class = :lock_class AND :channel = :channel)",
        f"{DATABASE}::test_one_process_tells_a_channel_and_another_one_another",
    ),
)  # fmt: skip
