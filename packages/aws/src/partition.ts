/** The part of AWS that a region belongs to, with the domain of its endpoints. */
export interface AwsPartition {
  readonly name: string
  readonly dnsSuffix: string
}

const commercial: AwsPartition = { name: 'aws', dnsSuffix: 'amazonaws.com' }

/** By the region's first letters, longest first. Source: botocore's `partitions.json`. */
const partitions: readonly (readonly [prefix: string, AwsPartition])[] = [
  ['us-isob-', { name: 'aws-iso-b', dnsSuffix: 'sc2s.sgov.gov' }],
  ['us-isof-', { name: 'aws-iso-f', dnsSuffix: 'csp.hci.ic.gov' }],
  ['eu-isoe-', { name: 'aws-iso-e', dnsSuffix: 'cloud.adc-e.uk' }],
  ['us-iso-', { name: 'aws-iso', dnsSuffix: 'c2s.ic.gov' }],
  ['us-gov-', { name: 'aws-us-gov', dnsSuffix: 'amazonaws.com' }],
  ['eusc-', { name: 'aws-eusc', dnsSuffix: 'amazonaws.eu' }],
  ['cn-', { name: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' }],
]

/** The partition of a region; a region that is not known by its prefix is in the commercial one. */
export const partitionOf = (region: string): AwsPartition =>
  partitions.find(([prefix]) => region.startsWith(prefix))?.[1] ?? commercial
