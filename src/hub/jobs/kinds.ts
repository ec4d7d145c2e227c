/** Names of the kinds of jobs, as stored. */
export const transcodeKind = 'transcode';
export const imageImportKind = 'image-import';
export const algorithmKind = 'algorithm';
export const clusterKind = 'cluster-algorithm';
