/// From an accepted socket to an authenticated client.
/// Heart: [ClientLogin], the state machine. Read: [Encryption] (what comes ahead), [LoginPolicy] (who may come in how), [UserSecrets] (their secrets),
/// [ClientIdentity] (the result), [LoginListener] (who takes over), [RefusedLogins] (what the log hears). Depends on `config`, `refusal`, `observe`, `tls`, `backend`
/// (its [org.pgkeel.proxy.backend.Credential]). Used by `listen`, `session`.
/// Threading: a [ClientLogin] is confined to its channel's event loop.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.login;
