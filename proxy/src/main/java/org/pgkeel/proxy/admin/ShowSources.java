package org.pgkeel.proxy.admin;

/// What SHOW commands read.
record ShowSources(Operations operations, StatsPeriod period) {}
