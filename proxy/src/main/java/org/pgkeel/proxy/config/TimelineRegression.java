package org.pgkeel.proxy.config;

/// What to do when the leader's timeline is lower than one that was followed before: `clusters.NAME.timeline-regression`.
public enum TimelineRegression {
    /// Clients wait, until an operator follows it by hand.
    HOLD,
    /// It is followed; what was acknowledged on the higher timeline is lost.
    FOLLOW
}
