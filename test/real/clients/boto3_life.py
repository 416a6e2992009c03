"""What boto3 is asked of the store, a test each; endpoint and keys come from the environment alone."""
import datetime
import os
import unittest

import boto3
from botocore.exceptions import ClientError


class Boto3(unittest.TestCase):
    def setUp(self):
        self.client = boto3.client("secretsmanager")

    def create(self, name, value="first"):
        return self.client.create_secret(Name=name, SecretString=value)

    def test_creates_reads_and_updates(self):
        created = self.create("boto3/life")
        read = self.client.get_secret_value(SecretId="boto3/life")
        self.assertEqual(
            (read["ARN"], read["SecretString"], read["VersionStages"]), (created["ARN"], "first", ["AWSCURRENT"])
        )
        self.assertIsInstance(read["CreatedDate"], datetime.datetime)
        self.client.update_secret(SecretId="boto3/life", SecretString="second", Description="two")
        put = self.client.put_secret_value(SecretId=created["ARN"], SecretBinary=b"\x00\xff")
        self.assertEqual(self.client.get_secret_value(SecretId="boto3/life")["SecretBinary"], b"\x00\xff")
        previous = self.client.get_secret_value(SecretId="boto3/life", VersionStage="AWSPREVIOUS")
        self.assertEqual(previous["SecretString"], "second")
        described = self.client.describe_secret(SecretId="boto3/life")
        self.assertEqual((described["Name"], described["Description"]), ("boto3/life", "two"))
        self.assertEqual(described["VersionIdsToStages"][put["VersionId"]], ["AWSCURRENT"])

    def test_lists_by_filter_and_page(self):
        names = [f"boto3/page/{index}" for index in range(5)]
        for name in names:
            self.create(name)
        pages = list(
            self.client.get_paginator("list_secrets").paginate(
                Filters=[{"Key": "name", "Values": ["boto3/page/"]}], PaginationConfig={"PageSize": 2}
            )
        )
        self.assertEqual([len(page["SecretList"]) for page in pages], [2, 2, 1])
        self.assertEqual([secret["Name"] for page in pages for secret in page["SecretList"]], names)

    def test_deletes_restores_and_forgets(self):
        self.create("boto3/gone")
        deleted = self.client.delete_secret(SecretId="boto3/gone", RecoveryWindowInDays=30)
        wait = deleted["DeletionDate"] - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(wait.total_seconds(), 30 * 86_400, delta=60)
        with self.assertRaises(self.client.exceptions.InvalidRequestException):
            self.client.get_secret_value(SecretId="boto3/gone")
        self.client.restore_secret(SecretId="boto3/gone")
        self.assertEqual(self.client.get_secret_value(SecretId="boto3/gone")["SecretString"], "first")
        self.client.delete_secret(SecretId="boto3/gone", ForceDeleteWithoutRecovery=True)
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.client.describe_secret(SecretId="boto3/gone")

    def test_gets_its_own_class_for_a_missing_secret(self):
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException) as caught:
            self.client.get_secret_value(SecretId="nowhere")
        error = caught.exception.response
        self.assertEqual(error["Error"]["Message"], "Secrets Manager can't find the specified secret.")
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertTrue(error["ResponseMetadata"]["RequestId"])

    def test_says_what_is_wrong_with_keys(self):
        for setting, value, code, sts_code in (
            ("AWS_SECRET_ACCESS_KEY", "wrong", "InvalidSignatureException", "SignatureDoesNotMatch"),
            ("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN000000000", "UnrecognizedClientException", "InvalidClientTokenId"),
        ):
            right = os.environ[setting]
            os.environ[setting] = value
            try:
                session = boto3.session.Session()
                with self.assertRaises(ClientError) as caught:
                    session.client("secretsmanager").list_secrets()
                self.assertEqual(caught.exception.response["Error"]["Code"], code)
                with self.assertRaises(ClientError) as caught:
                    session.client("sts").get_caller_identity()
                self.assertEqual(caught.exception.response["Error"]["Code"], sts_code)
            finally:
                os.environ[setting] = right

    def test_asks_sts_who_it_is(self):
        identity = boto3.client("sts").get_caller_identity()
        self.assertEqual(identity["Account"], "000000000000")
        self.assertEqual(identity["Arn"], "arn:aws:iam::000000000000:user/developer")


if __name__ == "__main__":
    unittest.main()
