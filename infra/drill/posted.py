"""Posts an impression, its click and its conversion to the API, and one event that is refused."""

import json
import sys
import time
import urllib.request

API = "http://127.0.0.1:8000"
NAME = "posted-by-the-drill"


def main() -> int:
    """0: three were accepted and one was refused."""
    now, common = int(time.time()), {"impression_id": NAME}
    events = [
        {
            "event_type": "impression",
            "campaign_id": "drill",
            "cost": 0.25,
            "event_timestamp": now - 3,
        },
        {"event_type": "click", "event_timestamp": now - 2},
        {"event_type": "conversion", "conversion_value": 12.5, "event_timestamp": now - 1},
        {"event_type": "view", "event_timestamp": now},
    ]
    body = [one | common | {"event_id": f"{NAME}-{n}"} for n, one in enumerate(events)]
    request = urllib.request.Request(f"{API}/events", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = json.load(answer)
    print(answer.status, json.dumps(said))
    health = json.load(urllib.request.urlopen(f"{API}/health", timeout=30))
    print(json.dumps(health))
    is_right = answer.status == 207 and (said["accepted"], said["refused"]) == (3, 1)
    return 0 if is_right and health["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
