window.YTD.ip_audit.part0 = [
  {
    "ipAudit": {
      "accountId": "910000000000000001",
      "createdAt": "2024-03-05T14:00:00.000Z",
      "loginIp": "192.0.2.7"
    }
  }
]
