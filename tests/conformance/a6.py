"""RFC 4285 section 6: the Mobility Message Replay Protection option."""
from table import MUST, SHOULD, unit, untested

unit(MUST, "6", "the option is aligned to 8n+2", "test_wire_mhopt", "test_alignment")
unit(MUST, "6", "the timestamp is that of NTP", "test_wire_mhopt", "test_timestamp")
untested(SHOULD, "6", "bits of the fraction that the clock does not have are random",
         why="not so: they are 0; the clock counts microseconds, and an update a second later is another")
unit(MUST, "6", "a timestamp is greater than in any Binding Update that succeeded before", "test_auth", "a_clock_that_goes_back")
unit(MUST, "6", "it is looked at after the authenticator", "test_auth", "without_the_key_nothing_changes")
unit(MUST, "6", "it is close enough to the home agent's clock, and greater than all accepted before", "test_auth", "timestamps")
unit(MUST, "6", "without the option, where policy wants it, the answer is status 145", "test_auth", "timestamps")
unit(MUST, "6", "the home agent has the option in the answer to who had it", "test_auth", "acknowledgements_that_prove_nothing")
unit(MUST, "6", "a timestamp that is not valid is answered with status 144, its fraction, and the home agent's time of day",
     "test_auth", "what_is_played_again_is_refused")
unit(MUST, "6", "and makes no binding cache entry", "test_auth", "what_is_played_again_is_refused")
unit(MUST, "6", "the mobile node authenticates an acknowledgement of status 144", "test_auth", "acknowledgements_that_prove_nothing")
unit(MUST, "6", "it adjusts its timestamps then", "test_auth", "clocks_ten_minutes_apart")
unit(MUST, "6", "of any other status it compares the timestamp, and silently discards what does not match",
     "test_auth", "acknowledgements_that_prove_nothing")
