package org.pgkeel.proxy.admin;

/// What a user of the console may do.
public enum ConsoleRole {
    /// Everything: named in `admin.users`.
    ADMIN,
    /// SHOW only: named in `admin.stats-users`.
    STATS
}
