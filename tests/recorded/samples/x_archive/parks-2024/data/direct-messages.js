window.YTD.direct_messages.part0 = [
  {
    "dmConversation": {
      "conversationId": "222000111-910000000000000001",
      "messages": [
        {
          "messageCreate": {
            "recipientId": "222000111",
            "reactions": [],
            "urls": [],
            "text": "The permit office will call you &amp; explain.",
            "mediaUrls": [],
            "senderId": "910000000000000001",
            "id": "1700000000000000202",
            "createdAt": "2024-03-07T09:20:00.120Z"
          }
        },
        {
          "messageCreate": {
            "recipientId": "910000000000000001",
            "reactions": [
              {
                "senderId": "910000000000000001",
                "reactionKey": "like",
                "eventId": "1",
                "createdAt": "2024-03-07T09:16:00.000Z"
              }
            ],
            "urls": [
              {
                "url": "https://t.co/eee",
                "expanded": "https://riverbend.example/permits",
                "display": "riverbend.example/permits"
              }
            ],
            "text": "May I hold a party at Alder Park? https://t.co/eee",
            "mediaUrls": [
              "https://ton.twitter.com/dm/1700000000000000201/1700000000000000200/plan.jpg"
            ],
            "senderId": "222000111",
            "id": "1700000000000000201",
            "createdAt": "2024-03-07T09:15:00.120Z"
          }
        }
      ]
    }
  }
]
