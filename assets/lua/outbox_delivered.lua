-- Takes a message out for good: it has arrived. ARGV: event id.
drop(ARGV[1])
