/// Knows which settings a client has and which a backend connection has, and brings the one to the other.
/// Heart: [SettingsTracker]. Read: [Settings] (an immutable map of name to text), [SettingsDiff] (the SQL that turns one into the
/// other), [StartupSettings] (those of the startup packet), [SettingsInterner] (equal settings are one object).
/// Depends on `statement` and protocol's `backend`. Used by `prepare`, `relay`, `coalesce`, `session`, `listen`.
/// Threading: values are immutable; a tracker and an interner are confined to one event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.settings;
