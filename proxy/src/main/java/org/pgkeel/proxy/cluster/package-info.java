/// Watches every PostgreSQL cluster: asks Patroni and PostgreSQL, drives the decisions of `failover`, and tells the rest.
/// Heart: [Cluster]. Read: [ClusterWatch] (what follows from the evidence), [Members] (who is asked), [ClusterDocuments] (what Patroni
/// says), [Clusters] (by name), [ClusterListener], [DoubtReason], [ClusterSurvey] (for people and monitoring), [ClusterOutcomes] (what
/// became of transactions in flight: [OutcomeResolver], [NodeWitness], [AcknowledgedLosses]). Depends on `backend`, `config` and `failover`.
/// Used by `session` and `server`. Threading: one thread for all clusters; views are read from everywhere.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.cluster;
