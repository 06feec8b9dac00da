"""Policies: who may publish to the topic, and who may write to the queue."""

from typing import Any

from digest.provisioning.wanted import Wanted

Policy = dict[str, Any]


def of_topic(wanted: Wanted) -> Policy:
    """Return the policy that lets SES publish for this configuration set of this account alone."""
    allowed = {
        "Sid": "SesPublishes",
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": wanted.topic_arn,
        "Condition": {
            "StringEquals": {
                "AWS:SourceAccount": wanted.account,
                "AWS:SourceArn": wanted.configuration_set_arn,
            }
        },
    }
    return {"Version": "2012-10-17", "Statement": [allowed]}


def of_queue(wanted: Wanted) -> Policy:
    """
    Return the policy that lets the topic alone write.

    What is in the queue is believed, so nobody else may.
    """
    allowed = {
        "Sid": "TopicWrites",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": wanted.queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": wanted.topic_arn}},
    }
    return {"Version": "2012-10-17", "Statement": [allowed]}
