package org.pgkeel.failover.hold;

/// A state and what happens in it, for the one switch that decides.
record Given(Hold hold, Hold.Event event) {}
