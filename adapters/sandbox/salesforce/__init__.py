"""A Salesforce org on its REST, SOAP and Pub/Sub protocols."""
