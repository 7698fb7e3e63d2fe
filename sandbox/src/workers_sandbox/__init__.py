"""A program that plays ANAF and VIES on loopback, written from the authorities' documents."""
