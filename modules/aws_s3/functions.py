"""What people ask of buckets besides what a table shows."""

import base64

from modules.spec import Derived, Function, Result

UPLOAD = Function(
    name="iasql_s3_upload_object",
    doc="Puts a text into a bucket as an object, or in the place of one. The journal does not have the text.",
    service="s3",
    operation="put_object",
    parameters={
        "bucket_name": "text",
        "bucket_key": "text",
        "file_content": "text",
        "content_type": "text DEFAULT NULL",
    },
    params={
        "Bucket": "bucket_name",
        "Key": "bucket_key",
        "Body": Derived(lambda text: base64.b64encode(text.encode()).decode(), ("file_content",)),
        "ContentType": "content_type",
    },
    columns=(
        Result(name="bucket", type="varchar", path="Asked.Bucket"),
        Result(name="key", type="varchar", path="Asked.Key"),
        Result(name="status", type="varchar", path="ETag", read=lambda tag: "OK"),
        Result(name="response_message", type="varchar", path="ETag"),
    ),
    sample="SELECT * FROM iasql_s3_upload_object('my-site', 'index.html', '<h1>Hello</h1>', 'text/html');",
)
