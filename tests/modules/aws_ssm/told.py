"""What botocore's models do not say of what Systems Manager tells."""

_POLICY = '{{"Type":"Expiration","Version":"1.0","Attributes":{{"Timestamp":"203{}-01-01T00:00:00Z"}}}}'

EXAMPLES = {
    "parameter": {
        "Type": ("String", "StringList"),
        "PolicyText": (_POLICY.format(1), _POLICY.format(2)),
    }
}

#: A list of documents, which AWS takes as one text.
EXCUSED = {"parameter": {"Policies": "AWS tells a list, and takes a text that it is made of"}}
