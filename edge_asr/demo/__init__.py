"""The kitchen-table try-out: private microphone, private broker, the real daemon."""
