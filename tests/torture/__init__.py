"""
Torture: the real code under kills, pauses and faults, and the count of what became of the mails.

    start         a database, a broker, the post office, senders on Celery, readers
    disturb       at random instants: kill, pause, empty, crash; the post office fails by itself
    settle        no more faults; what is open gets its time
    judge         what the post office accepted, against what was due and who had left

`make torture` runs it for as long as one likes; a short form is among the tests.
"""
