/// What an INSERT is, and whether its row may be a row of a COPY.
/// Heart: [InsertShape]. Read: [InsertReader] and [ValueReader] (the only syntax that is understood), [InsertTemplates] and [Skeleton] (texts with literals, found again without reading them),
/// [TargetTable] (what the catalogue says), [Arbiters] and [ConflictClause] (how a row that is there already is passed over), [CopyPlan] and [SkeletonRow] (a row of COPY from a row of
/// parameters or literals).
/// Depends on `statement`, `config`. Used by `prepare`, `coalesce`, `session`.
/// Threading: immutable values, but for [InsertTemplates].
@NullMarked
package org.pgkeel.proxy.insert;

import org.jspecify.annotations.NullMarked;
