export interface StopReplicationToReplicaRequest {
  /** The replica: name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
}

export interface StopReplicationToReplicaResponse {
  /** Of the secret that was a replica. */
  readonly ARN?: string
}
