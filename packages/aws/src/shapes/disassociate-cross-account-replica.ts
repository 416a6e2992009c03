export interface DisassociateCrossAccountReplicaRequest {
  /** The primary: name, ARN or partial ARN; 1–2048 characters. */
  readonly SecretId: string
  /** 20–2048 characters. */
  readonly CrossAccountReplicaARN: string
}

export interface DisassociateCrossAccountReplicaResponse {
  /** Of the primary. */
  readonly ARN?: string
  readonly CrossAccountReplicaARN?: string
}
