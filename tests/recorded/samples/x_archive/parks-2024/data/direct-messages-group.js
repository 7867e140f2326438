window.YTD.direct_messages_group.part0 = [
  {
    "dmConversation": {
      "conversationId": "1612345678901234567",
      "messages": [
        {
          "messageCreate": {
            "reactions": [],
            "urls": [],
            "text": "Agenda attached.",
            "mediaUrls": [],
            "senderId": "222000111",
            "id": "1712000000000000002",
            "createdAt": "2024-03-08T09:15:00.120Z"
          }
        },
        {
          "participantsJoin": {
            "initiatingUserId": "910000000000000001",
            "userIds": [
              "333000222"
            ],
            "createdAt": "2024-03-08T09:00:00.000Z"
          }
        }
      ]
    }
  }
]
