"""Customer Profiles: domains, profiles, upload jobs, segment definitions and estimates."""
