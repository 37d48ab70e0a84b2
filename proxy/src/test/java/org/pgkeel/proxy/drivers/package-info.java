/// Shows that drivers and tools which nobody here wrote work through the proxy, in transaction mode.
/// Heart: [DriverSuite], a program under `src/test/drivers` with one check per behaviour. Every suite runs on PostgreSQL itself first
/// (the control), then through the proxy: [Way]. [ProxyUnderTest] starts the proxy; [Program] runs a suite's installer and the suite.
/// pgjdbc needs no program of its own: [PgjdbcTest] and its neighbours. An installer that fails fails the test, with its output.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.drivers;
