"""What happens to answers and feedback while 20 users ask and everything around them breaks.

The parts: ``requests`` (what is asked, and what makes an answer right), ``server`` (a supervised process),
``crowd`` (the users), ``places`` (homes on small or read-only disks), ``faults`` (what breaks), ``memory``.
"""
