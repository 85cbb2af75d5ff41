"""RFC 4285 section 5: the Mobility Message Authentication option. What tests of the codec and of both roles under virtual
time show; on the wire it is in tests/net/auth.bats."""
from table import MUST, SHOULD, unit, untested

unit(MUST, "5", "of one subtype there is one option in a message; options of several subtypes may stand together",
     "test_wire_mhopt", "test_by_key_last")
unit(SHOULD, "5", "who has a security association, or is configured to use the option, silently discards a Binding Update without it",
     "test_auth", "without_the_key_nothing_changes")
unit(SHOULD, "5", "and a Binding Acknowledgement without it", "test_auth", "acknowledgements_that_prove_nothing")
unit(MUST, "5", "the option is aligned to 4n+1", "test_wire_mhopt", "test_alignment")
unit(MUST, "5.1", "MN-HA is the last option when it is the only one of its kind", "test_wire_mhopt", "test_alignment")
unit(MUST, "5.1", "what stands behind it, and is not covered by it, is not believed", "test_wire_mhopt", "test_by_key_last")
unit(MUST, "5.1", "First(96, HMAC_SHA1(key of 16 octets, care-of address | home address | message up to the SPI)), the checksum as 0",
     "test_wire_mhopt", "test_by_key_signed")
unit(SHOULD, "5.1", "\"close enough\" is 7 seconds", "test_auth", "timestamps")
unit(MUST, "5.1.1", "a mobile node with a security association has the option in each Binding Update",
     "test_auth", "a_node_registers_moves_and_returns")
unit(MUST, "5.1.1", "the home agent has it in each Binding Acknowledgement to one that had it", "test_auth", "a_node_registers_moves_and_returns")
unit(MUST, "5.1.1", "either verifies it", "test_auth", "acknowledgements_that_prove_nothing")
unit(MUST, "5.1.1", "an authenticator that is wrong is answered with status 146", "test_auth", "without_the_key_nothing_changes")
unit(MUST, "5.1.1", "without a security association the home agent discards a Binding Update with the option",
     "test_auth", "an_option_without_a_key")
untested(MUST, "5.2", "the answer to MN-AAA has MN-HA and not MN-AAA", why="not so: no AAA server is asked")
untested(SHOULD, "5.3", "after status 146 the mobile node stops sending Binding Updates",
         why="not so: it goes on at the pace of any refusal, so that a key that was put right is found; "
             "test_auth, authentication_failed")
