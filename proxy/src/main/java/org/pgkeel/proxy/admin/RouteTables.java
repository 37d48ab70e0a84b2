package org.pgkeel.proxy.admin;

import org.pgkeel.proxy.observe.RouteSnapshot;

/// SHOW ROUTES: the rules in their order, and how often each decided.
final class RouteTables {
    private RouteTables() {}

    static final ShowTable<?> ROUTES = ShowTable.<RouteSnapshot>of("routes", sources -> sources.operations().routes())
            .int4("position", RouteSnapshot::position)
            .text("name", RouteSnapshot::name)
            .text("conditions", RouteSnapshot::conditions)
            .text("destination", RouteSnapshot::destination)
            .int8("hits", RouteSnapshot::hits);
}
