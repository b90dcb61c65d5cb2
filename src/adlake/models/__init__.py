"""Attribution models: who gets which part of each attributed conversion, under seven rules."""
