import { awsError } from '../aws-errors.ts'
import { parseKeyId } from '../kms/parse-key-id.ts'
import { aliasArn, defaultKeyAlias } from '../kms/kms-keys.ts'

/**
 * The KMS key of an input as it is stored: as the caller named it, or empty for the account's default key.
 * @throws AwsError InvalidParameterException for what is no id, ARN or alias of a key.
 */
export const requireKmsKey = (
  given: string | undefined,
  place: { readonly account: string; readonly region: string },
): string => {
  const isDefault = [undefined, '', defaultKeyAlias, 'aws/secretsmanager', aliasArn(defaultKeyAlias, place)]
  if (isDefault.includes(given)) return ''
  if (given !== undefined && parseKeyId(given, place)) return given
  throw awsError('InvalidParameterException', 'The KMS key identifier is not valid.')
}
