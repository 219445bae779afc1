"""Do clusters say what labels say? Every measure takes the cluster and the label of the same items.

Items are tokens, or units where each has a label of its own. Clusters and labels are whole numbers; which numbers they
are means nothing, and both may come from `np.unique(names, return_inverse=True)`.

- `b_cubed`: of each item's cluster, how much has its label, and of its label, how much is in its cluster? With the
  correction that leaves the item itself out
- `v_measure`: how far does the cluster give away the label, and the label the cluster, in bits?
- `association`: do a cluster and a label meet more often than chance, pair by pair?
- `diversity`: how many clusters are there, by their weight, and how sure is an item of its own?
- `alignment`: which clusters are a concept that people have a name for, and which concepts have a cluster?

Clusters of *units* that carry no label are judged by what a probe reads from each: `evaluate.cluster_probes`.
"""
