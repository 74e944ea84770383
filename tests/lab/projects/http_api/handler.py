"""What the lab deploys. It is never run."""


def main(event, context):
    return {"statusCode": 200, "body": "first"}
