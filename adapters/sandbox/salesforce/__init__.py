"""A Salesforce org on its REST and SOAP protocols, without Pub/Sub."""
