/// What a database's own catalogue says of names that may hide a write: functions, views, types, operators.
/// Heart: [Catalogue]. Read: [CatalogueQuery] (what is asked of the database), [BuiltinFunctions] (what is known without
/// asking), [CatalogueRefresh] (when to ask again). Depends on nothing of the proxy. Used by `statement`, `prepare`,
/// `session`, `command`. Threading: immutable values; [CatalogueRefresh] says its own.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.catalogue;
