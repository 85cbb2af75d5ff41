"""RFC 4285 section 4: the operational flow."""
from table import MUST, SHOULD, unit, untested

NO_AAA = "not so: no AAA server is asked; a home address without a key for the MN-HA option has IPsec, or nothing"

unit(MUST, "4", "the mobile node authenticates its Binding Updates by MN-HA when it has a security association with the home agent",
     "test_auth", "a_node_registers_moves_and_returns")
untested(MUST, "4", "until it has one it uses MN-AAA", why=NO_AAA)
untested(MUST, "4", "with MN-AAA its identifier (RFC 4283) is in the Binding Update", why=NO_AAA)
untested(SHOULD, "4", "a home address of zeros asks for one", why="not so: home addresses are configured")
