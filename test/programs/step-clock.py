"""Puts the wall clock SECONDS back, and after HOLD seconds where it would be by then.

    step-clock.py SECONDS HOLD
"""
import signal, sys, time

seconds, hold = float(sys.argv[1]), float(sys.argv[2])
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *_: sys.exit(1))
ahead_ns = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
try:
    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME) - int(seconds * 1e9))
    time.sleep(hold)
finally:
    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_MONOTONIC) + ahead_ns)
